/*
 * watch/replay - runs the pipeline of one camera over a file, as fast as it can.
 *
 * `tocsin-watch replay FILE --mot OUT [--model INI] [--set KEY=VALUE] [--frames N] [--visits]`
 * writes the tracks in MOTChallenge form (frame,id,left,top,width,height,score,-1,-1,-1; frames
 * from 1) and prints what it cost. For measuring and for tests; live cameras never come this way.
 */
#pragma once

/* The sub-command's whole life; arguments after the word "replay". Returns the exit code. */
int replay_run(int argc, char *const argv[]);
