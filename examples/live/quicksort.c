/*
 * Sorts 256 KiB of numbers in place. Quicksort goes through its array from both ends, then through
 * each half: with fewer frames than the array has pages the policy decides how often a page is missed.
 */
#include "pagewright.h"

#define NUMBERS 65536u

static uint32_t numbers[NUMBERS] __attribute__((aligned(4096)));

static void sort(uint32_t *from, uint32_t *to)
{
    while (to - from > 1) {
        uint32_t pivot = from[(to - from) / 2];
        uint32_t *low = from;
        uint32_t *high = to - 1;
        while (low <= high) {
            while (*low < pivot) low += 1;
            while (*high > pivot) high -= 1;
            if (low > high) break;
            uint32_t other = *low;
            *low++ = *high;
            *high-- = other;
        }
        /* The smaller part first: the stack stays small. */
        if (high + 1 - from < to - low) {
            sort(from, high + 1);
            from = low;
        } else {
            sort(low, to);
            to = high + 1;
        }
    }
}

int main(void)
{
    uint32_t state = 1;
    uint32_t before = 0;
    for (uint32_t index = 0; index < NUMBERS; index += 1) {
        state = state * 1664525u + 1013904223u;
        numbers[index] = state;
        before += state;
    }
    sort(numbers, numbers + NUMBERS);
    uint32_t after = numbers[0];
    uint32_t wrong = 0;
    for (uint32_t index = 1; index < NUMBERS; index += 1) {
        after += numbers[index];
        if (numbers[index - 1] > numbers[index]) wrong += 1;
    }
    print_number(NUMBERS);
    print(" numbers, ");
    print_number(wrong);
    print(" in the wrong order, sum ");
    print_hex(after);
    print(after == before ? " as before\n" : " NOT as before\n");
    return wrong == 0 && after == before ? 0 : 1;
}
