/*
 * people/breach - passwords that everybody who guesses tries first.
 *
 * A small list that is built in (breach.txt, sorted; source and licence in breach.txt.license). A
 * password is known when the list has it, letter case aside, or has what is left of it without the
 * digits and signs at its ends, or the part that it repeats: Password2024!, dragondragon. Pure, any
 * thread.
 */
#pragma once

#include <stdbool.h>

bool breach_knows(const char *password);
