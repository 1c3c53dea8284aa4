/* The rows that my_kernel takes and gives: one list of fields declares each. */
#ifndef MY_KERNEL_H
#define MY_KERNEL_H

#include <ferrule/kernel.h>

#define INPUT(X) X(STRING, name) X(DOUBLE, amount)
FRL_ROW(input, INPUT)

#define OUTPUT(X)                                        \
  X(STRING, name, NOT_NULL, COMMENT("\"?\" where null")) \
  X(DOUBLE, doubled)
FRL_ROW(output, OUTPUT)

#endif /* MY_KERNEL_H */
