/*
 * A program and its fork write to the same addresses, each to its own copies: pages are copied when one
 * of the two first writes to them. They take turns.
 */
#include "pagewright.h"

#define PAGES 16u
#define TURNS 4u

static uint32_t pages[PAGES][PAGE_BYTES / sizeof(uint32_t)] __attribute__((aligned(4096)));

static void put(const char *name, uint32_t number, const char *text)
{
    print(name);
    print_number(number);
    print(text);
}

int main(void)
{
    for (uint32_t page = 0; page < PAGES; page += 1) pages[page][0] = page;
    long child = fork();
    if (child < 0) {
        print("no fork\n");
        return 2;
    }
    const char *name = child == 0 ? "child: " : "parent: ";
    uint32_t mine = child == 0 ? 1000 : 2000;
    /* The child writes to every page, the parent only to the even ones. */
    uint32_t step = child == 0 ? 1 : 2;
    for (uint32_t turn = 0; turn < TURNS; turn += 1) {
        for (uint32_t page = 0; page < PAGES; page += step) pages[page][0] += mine;
        yield();
    }
    uint32_t wrong = 0;
    for (uint32_t page = 0; page < PAGES; page += 1) {
        uint32_t expected = page + (page % step == 0 ? TURNS * mine : 0);
        if (pages[page][0] != expected) wrong += 1;
    }
    put(name, PAGES - wrong, " pages as expected\n");
    return wrong == 0 ? 0 : 1;
}
