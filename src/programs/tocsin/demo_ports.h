/*
 * programs/tocsin/demo_ports - loopback ports: free ones, and whether somebody listens.
 */
#pragma once

#include "demo.h"

/*
 * Chooses a free port for each listener; for the web page `web` when that is free and not 0. The
 * ports are free at this moment: whoever binds next takes them.
 */
MUST_USE enum err demo_ports_choose(struct demo_ports *ports, int web, struct why *why);

/* Whether 127.0.0.1:`port` accepts a connection. */
bool demo_port_listens(int port);
