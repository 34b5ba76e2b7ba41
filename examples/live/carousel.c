/*
 * Calls one function in each of 32 pages, round after round. In few frames pages of code come and go, and
 * a frame holds other code than before: what was translated from it must be forgotten.
 */
#include "pagewright.h"

typedef uint32_t function(uint32_t);

#define STOP(number)                                                                     \
    __attribute__((noinline, aligned(4096))) static uint32_t stop_##number(uint32_t sum) \
    {                                                                                    \
        return sum * 31u + number##u;                                                    \
    }
#define ALL(what)                                                                        \
    what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9)      \
    what(10) what(11) what(12) what(13) what(14) what(15) what(16) what(17) what(18)     \
    what(19) what(20) what(21) what(22) what(23) what(24) what(25) what(26) what(27)     \
    what(28) what(29) what(30) what(31)
ALL(STOP)

#define NAME(number) stop_##number,
static function *const stops[] = {ALL(NAME)};

#define STOPS (sizeof stops / sizeof stops[0])
#define ROUNDS 40u

int main(void)
{
    uint32_t sum = 0;
    uint32_t expected = 0;
    for (uint32_t round = 0; round < ROUNDS; round += 1) {
        for (uint32_t index = 0; index < STOPS; index += 1) {
            /* Another order each round. */
            uint32_t stop = (index * 7u + round * 5u) % STOPS;
            sum = stops[stop](sum);
            expected = expected * 31u + stop;
        }
    }
    print_number(ROUNDS);
    print(" rounds, ");
    print_hex(sum);
    print(sum == expected ? " as expected\n" : " WRONG\n");
    return sum == expected ? 0 : 1;
}
