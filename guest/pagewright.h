/*
 * What a program on a live machine can ask for (`pagewright boot`). Compile with
 *
 *   arm-none-eabi-gcc -march=armv7-a -mfloat-abi=soft -ffreestanding -nostdlib -static \
 *     -I guest -T guest/pagewright.ld -o program.elf guest/crt.c program.c -lgcc
 *
 * and give it `int main(int argc, char **argv)`. There is no C library and no floating-point unit; every
 * call answers -errno where it fails. The numbers and their meaning are those of Linux on ARM.
 */
#ifndef PAGEWRIGHT_H
#define PAGEWRIGHT_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u

/* Rights of mapped memory. */
#define PAGE_READ 1
#define PAGE_WRITE 2
#define PAGE_EXECUTE 4

static inline long pagewright_call(long number, long a, long b, long c, long d)
{
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;
    register long r3 __asm__("r3") = d;
    register long r7 __asm__("r7") = number;
    __asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r7) : "memory");
    return r0;
}

/* Ends the program. */
__attribute__((noreturn)) static inline void exit(int status)
{
    pagewright_call(1, status, 0, 0, 0);
    __builtin_unreachable();
}

/* A second program that goes on from here with a copy of everything: answers its number, and 0 in it. */
static inline long fork(void) { return pagewright_call(2, 0, 0, 0, 0); }

/* The number of the program. */
static inline long program_number(void) { return pagewright_call(20, 0, 0, 0, 0); }

/* Lets the other programs run. */
static inline void yield(void) { pagewright_call(158, 0, 0, 0, 0); }

/* New memory of zeros, whole pages of it, which come when they are first used; or -errno. */
static inline void *map(size_t bytes, int rights)
{
    return (void *)pagewright_call(192, 0, (long)bytes, rights, 0x22);
}

/* Whether an address that `map` answered is an error. */
static inline int is_error(const void *address) { return (uintptr_t)address > (uintptr_t)-4096; }

static inline long unmap(void *address, size_t bytes)
{
    return pagewright_call(91, (long)address, (long)bytes, 0, 0);
}

/* Other rights for whole pages. */
static inline long protect(void *address, size_t bytes, int rights)
{
    return pagewright_call(125, (long)address, (long)bytes, rights, 0);
}

/* Writes to the console; answers how many bytes were written. */
static inline long console(const void *text, size_t bytes)
{
    return pagewright_call(4, 1, (long)text, (long)bytes, 0);
}

__attribute__((unused)) static void print(const char *text)
{
    size_t bytes = 0;
    while (text[bytes] != 0) bytes += 1;
    console(text, bytes);
}

__attribute__((unused)) static void print_number(uint32_t number)
{
    char digits[10];
    size_t at = sizeof digits;
    do {
        at -= 1;
        digits[at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    console(digits + at, sizeof digits - at);
}

__attribute__((unused)) static void print_hex(uint32_t word)
{
    char digits[8];
    for (int at = 7; at >= 0; at -= 1) {
        digits[at] = "0123456789abcdef"[word & 15];
        word >>= 4;
    }
    console(digits, sizeof digits);
}

#endif
