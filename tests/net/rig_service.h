/** The methods of the rig's server. */
#ifndef FRL_TESTS_NET_RIG_SERVICE_H
#define FRL_TESTS_NET_RIG_SERVICE_H

#include "rig.h"

void rig_service_add(rig *r);

#endif /* FRL_TESTS_NET_RIG_SERVICE_H */
