/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The smallest program there is: what an exec costs when nothing hides it (bench/gate.py).
 */
void _start(void);

void _start(void)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(60), "D"(0));
#elif defined(__aarch64__)
    register long number __asm__("x8") = 93, status __asm__("x0") = 0;

    __asm__ volatile("svc 0" : : "r"(number), "r"(status));
#else
#error "exit(2) of this processor is missing"
#endif
    for (;;)
        ;
}
