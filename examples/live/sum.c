/*
 * Sums an array of 64 MiB. With 32 frames of 4 KiB every page of it is written, evicted, brought back
 * and read: `pagewright boot sum.elf --frames 32`.
 */
#include "pagewright.h"

#define NUMBERS (64u * 1024 * 1024 / sizeof(uint32_t))

static uint32_t numbers[NUMBERS] __attribute__((aligned(4096)));

int main(void)
{
    uint32_t expected = 0;
    for (uint32_t index = 0; index < NUMBERS; index += 1) {
        uint32_t value = index * 2654435761u;
        numbers[index] = value;
        expected += value;
    }
    uint32_t sum = 0;
    for (uint32_t index = 0; index < NUMBERS; index += 1) sum += numbers[index];
    print("sum ");
    print_hex(sum);
    print(sum == expected ? " as expected\n" : " WRONG\n");
    return sum == expected ? 0 : 1;
}
