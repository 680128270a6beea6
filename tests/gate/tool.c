/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Stands for a facial recognition tool: whoever runs it gets 42. Built as a program of its own, as one that needs ld.so
 * and as a library.
 */
#include <unistd.h>

#if defined(AS_LIBRARY)
__attribute__((constructor)) static void had(void)
{
    _exit(42);
}
#elif defined(AS_BARE) /* without libc, so that it also runs as another program's interpreter */
__attribute__((noreturn)) void _start(void);

void _start(void)
{
    __asm__ volatile("syscall" : : "a"(60), "D"(42));
    __builtin_unreachable();
}
#else
int main(void)
{
    return 42;
}
#endif
