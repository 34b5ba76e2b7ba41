/*
 * Appel and Li's benchmark of user-level virtual memory ("Virtual memory primitives for user programs",
 * ASPLOS 1991) on the Linux that it runs on: 100 pages in a random order, mprotect and SIGSEGV.
 *
 *     vmpup ROUNDS      prints a line for each round: the nanoseconds per page, or per trap, of
 *
 *     prot1Trap  each trap protects another page and unprotects its own
 *     protNTrap  100 pages are protected at once, and each trap unprotects its own
 *     trap       a trap whose handler does nothing, so that the access traps again
 *     prot1, unprot, protN    the calls by themselves
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 100, TRAPS = 500 };

static char *memory;
static size_t page_bytes;
static int order[PAGES];
/* What the handler does: the pages to protect and to unprotect, and how many traps to let pass before. */
static char *volatile to_protect;
static char *volatile to_unprotect;
static volatile int idle_traps;

static void protect(char *page, size_t bytes, int rights) {
    if (mprotect(page, bytes, rights) != 0) {
        perror("mprotect");
        _exit(1);
    }
}

static void on_fault(int signal) {
    (void)signal;
    if (idle_traps > 0) {
        idle_traps -= 1;
        return;
    }
    if (to_protect != NULL) protect(to_protect, page_bytes, PROT_NONE);
    protect(to_unprotect, page_bytes, PROT_READ | PROT_WRITE);
}

static char *page_at(int index) {
    return memory + (size_t)order[index] * page_bytes;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void write_all(void) {
    for (int index = 0; index < PAGES; index += 1) {
        to_unprotect = page_at(index);
        *(volatile char *)to_unprotect = 10;
    }
}

static double prot_n_trap(void) {
    double begin = now();
    to_protect = NULL;
    protect(memory, PAGES * page_bytes, PROT_NONE);
    write_all();
    return (now() - begin) / PAGES;
}

static double prot_1_trap(void) {
    protect(memory, PAGES * page_bytes, PROT_NONE);
    protect(page_at(PAGES - 1), page_bytes, PROT_READ | PROT_WRITE);
    to_protect = page_at(PAGES - 1);
    double begin = now();
    for (int index = 0; index < PAGES; index += 1) {
        to_unprotect = page_at(index);
        *(volatile char *)to_unprotect = 10;
        to_protect = to_unprotect;
    }
    double time = (now() - begin) / PAGES;
    to_protect = NULL;
    return time;
}

static double trap_only(void) {
    to_unprotect = page_at(0);
    protect(to_unprotect, page_bytes, PROT_NONE);
    idle_traps = TRAPS;
    double begin = now();
    *(volatile char *)to_unprotect = 10;
    return (now() - begin) / (TRAPS + 1);
}

/* PROT1 and UNPROT of each page in turn, or PROTN of all, with nobody using them. */
static double each_page(int rights) {
    double begin = now();
    for (int index = 0; index < PAGES; index += 1) protect(page_at(index), page_bytes, rights);
    return (now() - begin) / PAGES;
}

static double all_pages(void) {
    double begin = now();
    protect(memory, PAGES * page_bytes, PROT_NONE);
    return (now() - begin) / PAGES;
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 100;
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    memory = mmap(NULL, PAGES * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int index = 0; index < PAGES; index += 1) {
        memory[(size_t)index * page_bytes] = 20;
        order[index] = index;
    }
    unsigned state = 1;
    for (int index = PAGES - 1; index > 0; index -= 1) {
        state = state * 1664525u + 1013904223u;
        int other = (int)((double)state / 4294967296.0 * (index + 1));
        int moved = order[index];
        order[index] = order[other];
        order[other] = moved;
    }
    struct sigaction action = {.sa_handler = on_fault};
    if (sigaction(SIGSEGV, &action, NULL) != 0) {
        perror("sigaction");
        return 1;
    }
    for (int round = 0; round < rounds; round += 1) {
        double with_one = prot_1_trap();
        double with_all = prot_n_trap();
        double trap = trap_only();
        double one = each_page(PROT_NONE);
        double back = each_page(PROT_READ | PROT_WRITE);
        double all = all_pages();
        each_page(PROT_READ | PROT_WRITE);
        printf("%.1f %.1f %.1f %.1f %.1f %.2f\n", with_one, with_all, trap, one, back, all);
    }
    return 0;
}
