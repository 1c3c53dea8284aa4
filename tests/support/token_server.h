/** A token server that answers by a script, over HTTP or HTTPS, on a thread of its own.
 */
#ifndef FRL_TESTS_SUPPORT_TOKEN_SERVER_H
#define FRL_TESTS_SUPPORT_TOKEN_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sync.h"

struct ssl_ctx_st;

typedef struct token_reply {
  int status;
  const char *headers; /* whole lines; NULL: none */
  const char *body;    /* NULL: none */
  size_t fill_bytes;   /* so many 'x' behind the body */
  bool hang;           /* nothing is answered */
} token_reply;

typedef struct token_server {
  token_reply replies[8]; /* in turn; the last one again and again */
  size_t n_replies;
  char url[64];
  int listener;
  struct ssl_ctx_st *tls;
  frl_thread thread;
  frl_mutex lock;
  /* under the lock */
  bool stopping;
  unsigned requests;
  char form[16384]; /* the newest body that came */
  char head[4096];
} token_server;

/** cert_file NULL: clear text. cmocka asserts. */
void token_server_start(token_server *s, const char *cert_file, const char *key_file);
void token_server_stop(token_server *s);
unsigned token_server_requests(token_server *s);
/** The newest assertion; lives as long as the server. */
const char *token_server_assertion(token_server *s);

#endif /* FRL_TESTS_SUPPORT_TOKEN_SERVER_H */
