/** What a compiled time format is made of: for time_*.c only. */
#ifndef FRL_CODEC_TIME_PATTERN_H
#define FRL_CODEC_TIME_PATTERN_H

enum frl_time_kind {
  FRL_TIME_LITERAL,
  FRL_TIME_NUMBER,
  FRL_TIME_YEAR_OF_CENTURY, /* two digits, of 2000 to 2099 */
  FRL_TIME_FRACTION,
  FRL_TIME_TEXT,      /* of a month, min letters in the pattern; AM or PM */
  FRL_TIME_OFFSET_OF, /* literal and min: the letter of the pattern, how often */
  FRL_TIME_OPTIONAL
};

enum frl_time_field {
  FRL_TIME_YEAR,
  FRL_TIME_MONTH,
  FRL_TIME_DAY,
  FRL_TIME_HOUR,
  FRL_TIME_HOUR_OF_HALF, /* 1 to 12 */
  FRL_TIME_HALF,         /* 0: AM, 1: PM */
  FRL_TIME_MINUTE,
  FRL_TIME_SECOND,
  FRL_TIME_NANO,
  FRL_TIME_OFFSET, /* seconds */
  FRL_TIME_FIELDS
};

/* java.time.format.SignStyle */
enum frl_time_sign {
  FRL_TIME_SIGN_NONE,       /* NOT_NEGATIVE: none at all */
  FRL_TIME_SIGN_NORMAL,     /* a minus */
  FRL_TIME_SIGN_EXCEEDS_PAD /* a minus; a plus before more digits than the pattern's */
};

#endif /* FRL_CODEC_TIME_PATTERN_H */
