/* Writes one word to each of 16,384 pages, each the first time: what a fault costs. */
#include "pagewright.h"

#define PAGES 16384u

int main(void)
{
    volatile uint32_t *memory = map(PAGES * PAGE_BYTES, PAGE_READ | PAGE_WRITE);
    if (is_error((const void *)memory)) return 2;
    for (uint32_t page = 0; page < PAGES; page += 1) memory[page * (PAGE_BYTES / 4)] = page;
    return 0;
}
