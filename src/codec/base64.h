/**
 * Base64 as Jackson reads it by default, which is what Spark's JSON uses: the standard
 * alphabet, padding required, control characters and blanks between groups ignored.
 */
#ifndef FRL_CODEC_BASE64_H
#define FRL_CODEC_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * @param out  room for n / 4 * 3 + 3 bytes; may be the text itself.
 * @return false when the text is not base64; out then holds nothing of use.
 */
bool frl_base64_decode(uint8_t *out, size_t *out_bytes, const char *text, size_t n);

#endif /* FRL_CODEC_BASE64_H */
