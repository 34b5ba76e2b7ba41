/* Where a program on a live machine begins, and what the compiler calls by itself. */
#include <stddef.h>

int main(int argc, char **argv);

/* r0 points to argc, argv[0] ... argv[argc], 0. */
__attribute__((naked, noreturn, section(".text.start"))) void _start(void)
{
    __asm__ volatile(
        "mov  r1, r0\n\t"
        "ldr  r0, [r1], #4\n\t"
        "mov  fp, #0\n\t"
        "mov  lr, #0\n\t"
        "bl   main\n\t"
        "mov  r7, #1\n\t"
        "svc  0\n\t");
}

__attribute__((used)) void *memset(void *to, int byte, size_t bytes)
{
    volatile unsigned char *at = to;
    while (bytes-- > 0) *at++ = (unsigned char)byte;
    return to;
}

__attribute__((used)) void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    volatile unsigned char *at = to;
    const unsigned char *next = from;
    while (bytes-- > 0) *at++ = *next++;
    return to;
}
