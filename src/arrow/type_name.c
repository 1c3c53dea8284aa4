#include "arrow/type_name.h"

#include <stdio.h>
#include <string.h>

typedef struct type_name {
  const char *format;
  const char *name;
} type_name;

/* the whole of the format */
static const type_name plain[] = {{"n", "null"}, {"b", "bool"}, {"c", "int8"},
    {"C", "uint8"}, {"s", "int16"}, {"S", "uint16"}, {"i", "int32"}, {"I", "uint32"},
    {"l", "int64"}, {"L", "uint64"}, {"e", "halffloat"}, {"f", "float"},
    {"g", "double"}, {"u", "string"}, {"U", "large_string"}, {"vu", "string_view"},
    {"z", "binary"}, {"Z", "large_binary"}, {"vz", "binary_view"}, {"tdD", "date32"},
    {"tdm", "date64"}, {"tts", "time32[s]"}, {"ttm", "time32[ms]"},
    {"ttu", "time64[us]"}, {"ttn", "time64[ns]"}, {"tDs", "duration[s]"},
    {"tDm", "duration[ms]"}, {"tDu", "duration[us]"}, {"tDn", "duration[ns]"},
    {"tiM", "month_interval"}, {"tiD", "day_time_interval"},
    {"tin", "month_day_nano_interval"}, {"+s", "struct"}, {"+l", "list"},
    {"+L", "large_list"}, {"+vl", "list_view"}, {"+vL", "large_list_view"},
    {"+m", "map"}, {"+r", "run_end_encoded"}};

/* the beginning, arguments follow */
static const type_name open[] = {{"tss:", "timestamp[s"}, {"tsm:", "timestamp[ms"},
    {"tsu:", "timestamp[us"}, {"tsn:", "timestamp[ns"}, {"d:", "decimal["},
    {"w:", "fixed_size_binary["}, {"+w:", "fixed_size_list["}, {"+ud:", "dense_union["},
    {"+us:", "sparse_union["}};

/** What a stranger wrote, for a message. */
static void make_plain(char *text) {
  for (; *text; text++) {
    if (*text < ' ' || *text > '~') *text = '?';
  }
}

void frl_arrow_type_name(char out[FRL_ARROW_TYPE_NAME_BYTES], const char *format) {
  const size_t room = FRL_ARROW_TYPE_NAME_BYTES;
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    if (strcmp(plain[i].format, format) != 0) continue;
    (void)snprintf(out, room, "%s", plain[i].name);
    return;
  }
  for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
    const size_t n = strlen(open[i].format);
    if (strncmp(open[i].format, format, n) != 0) continue;
    const char *rest = format + n;
    const char *comma = *rest && open[i].format[0] == 't' ? ", " : "";
    (void)snprintf(out, room, "%s%s%.60s]", open[i].name, comma, rest);
    make_plain(out);
    return;
  }
  (void)snprintf(out, room, "\"%.60s\"", format);
  make_plain(out);
}

const char *frl_arrow_refusal(
    char out[FRL_ARROW_REFUSAL_BYTES], frl_status st, const char *format) {
  char name[FRL_ARROW_TYPE_NAME_BYTES];
  frl_arrow_type_name(name, format ? format : "");
  (void)snprintf(out, FRL_ARROW_REFUSAL_BYTES, "%s %s",
      st == FRL_E_UNSUPPORTED ? "Spark has no type for Arrow's"
                              : "no valid Arrow type:",
      name);
  return out;
}
