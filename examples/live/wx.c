/*
 * Writes a function into memory and calls it. First as it should be done: the memory becomes executable
 * when it is no longer written. Then in memory that can be written, which is never executable.
 */
#include "pagewright.h"

typedef uint32_t function(void);

/* movw r0, #value; bx lr */
static void write_code(uint32_t *code, uint32_t value)
{
    code[0] = 0xe3000000u | ((value & 0xf000u) << 4) | (value & 0xfffu);
    code[1] = 0xe12fff1eu;
}

static uint32_t call(uint32_t *code) { return ((function *)(uintptr_t)code)(); }

int main(void)
{
    uint32_t *code = map(PAGE_BYTES, PAGE_READ | PAGE_WRITE);
    if (is_error(code)) return 2;
    for (uint32_t value = 1; value <= 3; value += 1) {
        if (protect(code, PAGE_BYTES, PAGE_READ | PAGE_WRITE) < 0) return 3;
        write_code(code, value * 111);
        if (protect(code, PAGE_BYTES, PAGE_READ | PAGE_EXECUTE) < 0) return 4;
        print("written, made executable, called: ");
        print_number(call(code));
        print("\n");
    }
    uint32_t *data = map(PAGE_BYTES, PAGE_READ | PAGE_WRITE);
    write_code(data, 444);
    print("and now in memory that is writable:\n");
    return (int)call(data);
}
