/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Stands for a facial recognition tool: whoever runs it gets 42. Built as a program of its own, as one that needs ld.so
 * and as a library.
 */
#include <unistd.h>

#ifdef AS_LIBRARY
__attribute__((constructor)) static void had(void)
{
    _exit(42);
}
#else
int main(void)
{
    return 42;
}
#endif
