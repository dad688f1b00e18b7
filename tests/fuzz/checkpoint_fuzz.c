/* The texts of C2SP: checkpoint, proof, request to a witness, path of a tile, bundle of entries. */
#include "ledger/checkpoint.h"
#include "ledger/tile.h"
#include "ledger/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What can be read is written back as it was. */
static void try_proofs(struct span bytes)
{
    struct checkpoint_proof proof;
    struct witness_request request;
    CLEANUP(text_deinit) struct text again = text_limited(2 * PROOF_SIZE_MAX);
    if (checkpoint_proof_parse(&proof, bytes, NULL) == OK) {
        checkpoint_proof_write(&proof, &again);
        if (again.size > bytes.size) { abort(); } /* without the extra line */
    }
    text_clear(&again);
    if (witness_request_parse(&request, bytes, NULL) == OK) {
        witness_request_write(&request, &again);
        if (!span_equal(text_span(&again), bytes)) { abort(); }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span bytes = span_of(data, size);
    struct checkpoint checkpoint;
    CLEANUP(text_deinit) struct text again = text_limited(CHECKPOINT_SIZE_MAX);
    if (checkpoint_parse(&checkpoint, bytes, NULL) == OK) {
        checkpoint_write(&checkpoint, &again);
        if (again.size > size || memcmp(text_c(&again), data, again.size) != 0) { abort(); }
    }
    try_proofs(bytes);
    struct cursor cursor = cursor_over(bytes);
    struct span entry;
    while (bundle_next(&cursor, &entry, NULL) == OK) {}
    if (size >= TILE_PATH_SIZE) { return 0; }
    CLEANUP(mem_free_p) char *path = mem_text_of((const char *)data, size);
    char same[TILE_PATH_SIZE];
    struct tile_place place;
    if (tile_path_parse(&place, path, NULL)) { return 0; }
    tile_path(same, &place);
    if (strcmp(same, path) != 0) { abort(); }
    return 0;
}
