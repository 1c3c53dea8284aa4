/**
 * Decimal numbers in text, as java.math.BigDecimal reads them, brought to a scale.
 */
#ifndef FRL_CODEC_DECIMAL_H
#define FRL_CODEC_DECIMAL_H

#include <ferrule/error.h>
#include <stddef.h>

enum { FRL_DECIMAL_MAX_DIGITS = 38 };

/** Two's complement in the machine's order, as Arrow's decimal of 128 bits. */
__extension__ typedef __int128 frl_i128;

/**
 * [+-]digits[.digits][(e|E)[+-]digits], with at least one digit before the exponent.
 * Rounded half up, away from zero.
 *
 * @param ignore  a character that is skipped; '\0': none.
 * @return FRL_OK; FRL_E_MALFORMED (no number); FRL_E_LIMIT (above precision digits).
 */
FRL_NODISCARD frl_status frl_decimal_parse(
    frl_i128 *out, const char *text, size_t n, int precision, int scale, char ignore);

#endif /* FRL_CODEC_DECIMAL_H */
