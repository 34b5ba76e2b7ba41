/* Calls itself until the stack meets its guard page. */
#include "pagewright.h"

__attribute__((noinline)) static uint32_t depth(volatile uint32_t *counter)
{
    volatile uint32_t frame[256];
    frame[0] = *counter;
    *counter += 1;
    if (*counter % 16 == 0) {
        print_number(*counter);
        print(" calls deep\n");
    }
    return *counter == 0 ? 0 : depth(counter) + frame[0];
}

int main(void)
{
    volatile uint32_t counter = 0;
    return (int)depth(&counter);
}
