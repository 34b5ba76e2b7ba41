/*
 * Sums an array of 64 MiB. With 32 frames of 4 KiB every page of it is written, evicted, brought back
 * and read: `pagewright boot sum.elf --frames 32`.
 */
#include "pagewright.h"

#define NUMBERS (64u * 1024 * 1024 / sizeof(uint32_t))

static uint32_t numbers[NUMBERS] __attribute__((aligned(4096)));

static uint32_t value_of(uint32_t index) { return index * 2654435761u; }

int main(void)
{
    uint32_t expected = 0;
    for (uint32_t index = 0; index < NUMBERS; index += 1) {
        numbers[index] = value_of(index);
        expected += value_of(index);
    }
    uint32_t sum = 0;
    uint32_t wrong = 0;
    for (uint32_t index = 0; index < NUMBERS; index += 1) {
        sum += numbers[index];
        if (numbers[index] != value_of(index)) wrong += 1;
    }
    print("sum ");
    print_hex(sum);
    print(sum == expected ? " as expected, " : " WRONG, ");
    print_number(wrong);
    print(" numbers are not what was written\n");
    return sum == expected && wrong == 0 ? 0 : 1;
}
