/**
 * Visibility and attributes of the public API.
 */
#ifndef FERRULE_EXPORT_H
#define FERRULE_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
#define FRL_API __attribute__((visibility("default")))
#define FRL_NODISCARD __attribute__((warn_unused_result))
#define FRL_PRINTF(fmt_index, first_arg) \
  __attribute__((format(printf, fmt_index, first_arg)))
#else
#define FRL_API
#define FRL_NODISCARD
#define FRL_PRINTF(fmt_index, first_arg)
#endif

#endif /* FERRULE_EXPORT_H */
