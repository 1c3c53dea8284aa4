#include "kernel/header_names.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum { MAX_NAME_BYTES = 80 };

/** Words of C and C++, and macros of their libraries that look like plain names. */
static bool is_taken(const char *name) {
  static const char *const words[] = {"alignas", "alignof", "and", "and_eq", "asm",
      "assert", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
      "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
      "compl", "complex", "concept", "const", "const_cast", "consteval", "constexpr",
      "constinit", "continue", "decltype", "default", "delete", "do", "double",
      "dynamic_cast", "else", "enum", "errno", "explicit", "export", "extern", "false",
      "float", "for", "friend", "goto", "i386", "if", "imaginary", "inline", "int",
      "is_null", "linux", "long", "mutable", "namespace", "new", "noexcept", "noreturn",
      "not", "not_eq", "nullptr", "offsetof", "operator", "or", "or_eq", "private",
      "protected", "public", "register", "reinterpret_cast", "requires", "restrict",
      "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
      "stderr", "stdin", "stdout", "struct", "switch", "template", "this",
      "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
      "union", "unix", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
      "while", "xor", "xor_eq"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i], name) == 0) return true;
  }
  return false;
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/** An identifier that cannot be a macro, a type, or one of ours. */
static bool is_clean(const char *name) {
  const size_t n = strlen(name);
  bool lower = false;
  if (n == 0 || n > MAX_NAME_BYTES || !is_letter(name[0])) return false;
  for (size_t i = 0; i < n; i++) {
    if (!is_letter(name[i]) && !is_digit(name[i]) && name[i] != '_') return false;
    lower = lower || (name[i] >= 'a' && name[i] <= 'z');
  }
  if (!lower || strstr(name, "__") || name[n - 1] == '_') return false;
  if (n > 2 && strcmp(name + n - 2, "_t") == 0) return false;
  if (strncmp(name, "frl", 3) == 0) return false;
  return !is_taken(name);
}

bool frl_header_is_name(const char *name) { return name && is_clean(name); }

void frl_header_plain(char *out, size_t room, const char *name) {
  size_t n = 0;
  bool gap = false;
  for (; *name && n + 2 < room && n < MAX_NAME_BYTES; name++) {
    const char c = *name;
    if (!is_letter(c) && !is_digit(c)) {
      gap = n > 0;
      continue;
    }
    if (gap) out[n++] = '_';
    gap = false;
    out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
  }
  out[n] = '\0';
}

frl_status frl_header_member(
    char *out, const char *name, const char *row, int64_t index, frl_map *used) {
  static char mark; /* only its address means something */
  char plain[MAX_NAME_BYTES + 4];
  frl_header_plain(plain, sizeof plain, name);
  if (is_clean(name) && strcmp(name, row) != 0) {
    (void)snprintf(out, FRL_HEADER_NAME_BYTES, "%s", name);
  } else if (is_clean(plain) && strcmp(plain, row) != 0) {
    (void)snprintf(out, FRL_HEADER_NAME_BYTES, "%s", plain);
  } else {
    (void)snprintf(out, FRL_HEADER_NAME_BYTES, "c_%s__%lld", plain, (long long)index);
  }
  /* no clean name has two underscores, and the index is the column's own */
  if (frl_map_get(used, out, strlen(out))) {
    (void)snprintf(out, FRL_HEADER_NAME_BYTES, "c_%s__%lld", plain, (long long)index);
  }
  return frl_map_put(used, out, strlen(out), &mark, NULL);
}
