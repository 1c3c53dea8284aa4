/** Where the logs of a cluster lie. */
#ifndef FRL_CLUSTER_LOG_PLACES_H
#define FRL_CLUSTER_LOG_PLACES_H

/** Each log of services, applications and executors that there is now. */
void frl__cluster_log_places(const char *folder,
    void (*each)(void *ctx, const char *path, const char *service), void *ctx);

#endif /* FRL_CLUSTER_LOG_PLACES_H */
