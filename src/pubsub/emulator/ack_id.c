#include "pubsub/emulator/ack_id.h"

#include <string.h>

enum { SEQUENCE_CHARS = 8, GENERATION_CHARS = 4, CHECK_CHARS = 6 };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* One more than the value of each character; 0: not of the alphabet. */
static const uint8_t values[256] = {['A'] = 1,
    ['B'] = 2,
    ['C'] = 3,
    ['D'] = 4,
    ['E'] = 5,
    ['F'] = 6,
    ['G'] = 7,
    ['H'] = 8,
    ['I'] = 9,
    ['J'] = 10,
    ['K'] = 11,
    ['L'] = 12,
    ['M'] = 13,
    ['N'] = 14,
    ['O'] = 15,
    ['P'] = 16,
    ['Q'] = 17,
    ['R'] = 18,
    ['S'] = 19,
    ['T'] = 20,
    ['U'] = 21,
    ['V'] = 22,
    ['W'] = 23,
    ['X'] = 24,
    ['Y'] = 25,
    ['Z'] = 26,
    ['a'] = 27,
    ['b'] = 28,
    ['c'] = 29,
    ['d'] = 30,
    ['e'] = 31,
    ['f'] = 32,
    ['g'] = 33,
    ['h'] = 34,
    ['i'] = 35,
    ['j'] = 36,
    ['k'] = 37,
    ['l'] = 38,
    ['m'] = 39,
    ['n'] = 40,
    ['o'] = 41,
    ['p'] = 42,
    ['q'] = 43,
    ['r'] = 44,
    ['s'] = 45,
    ['t'] = 46,
    ['u'] = 47,
    ['v'] = 48,
    ['w'] = 49,
    ['x'] = 50,
    ['y'] = 51,
    ['z'] = 52,
    ['0'] = 53,
    ['1'] = 54,
    ['2'] = 55,
    ['3'] = 56,
    ['4'] = 57,
    ['5'] = 58,
    ['6'] = 59,
    ['7'] = 60,
    ['8'] = 61,
    ['9'] = 62,
    ['-'] = 63,
    ['_'] = 64};

static uint64_t check_of(uint64_t key, uint64_t sequence, uint32_t generation) {
  uint64_t v = key ^ (sequence * 0x9E3779B97F4A7C15u) ^ ((uint64_t)generation << 40);
  v = (v ^ (v >> 32)) * 0xD6E8FEB86659FD93u;
  v = (v ^ (v >> 29)) * 0xBF58476D1CE4E5B9u;
  return v >> 28;
}

static uint8_t *put(uint8_t *out, uint64_t v, int chars) {
  for (int i = 0; i < chars; i++, v >>= 6) out[i] = (uint8_t)alphabet[v & 63];
  return out + chars;
}

void frl_em_ack_id_write(
    uint8_t *out, uint64_t key, uint64_t sequence, uint32_t generation) {
  out = put(out, sequence, SEQUENCE_CHARS);
  out = put(out, generation, GENERATION_CHARS);
  (void)put(out, check_of(key, sequence, generation), CHECK_CHARS);
}

static uint64_t get(const uint8_t *in, int chars) {
  uint64_t v = 0;
  for (int i = chars - 1; i >= 0; i--) v = v << 6 | (uint8_t)(values[in[i]] - 1);
  return v;
}

frl_em_id frl_em_ack_id_read(const uint8_t *id, size_t n, uint64_t key,
    uint64_t *sequence, uint32_t *generation) {
  if (n != FRL_EM_ACK_ID_BYTES) return FRL_EM_ID_MALFORMED;
  for (size_t i = 0; i < n; i++) {
    if (values[id[i]] == 0) return FRL_EM_ID_MALFORMED;
  }
  const uint64_t seq = get(id, SEQUENCE_CHARS);
  const uint32_t gen = (uint32_t)get(id + SEQUENCE_CHARS, GENERATION_CHARS);
  const uint64_t check = get(id + SEQUENCE_CHARS + GENERATION_CHARS, CHECK_CHARS);
  if (check != check_of(key, seq, gen)) return FRL_EM_ID_FOREIGN;
  *sequence = seq;
  *generation = gen;
  return FRL_EM_ID_GOOD;
}
