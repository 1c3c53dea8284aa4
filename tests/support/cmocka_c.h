/** cmocka with the headers that it needs before itself. */
#ifndef FRL_TESTS_SUPPORT_CMOCKA_C_H
#define FRL_TESTS_SUPPORT_CMOCKA_C_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#endif /* FRL_TESTS_SUPPORT_CMOCKA_C_H */
