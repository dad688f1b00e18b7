#include "camera/assign.h"

#include "check.h"

#include <stdbool.h>

static float brute(const float *cost, size_t rows, size_t columns, unsigned used, size_t row)
{
    if (row == rows) { return 0; }
    float best = 1e9F;
    for (size_t j = 0; j < columns; j++) {
        if (used & 1U << j) { continue; }
        const float sum =
            cost[row * columns + j] + brute(cost, rows, columns, used | 1U << j, row + 1);
        best = sum < best ? sum : best;
    }
    return best;
}

static void test_against_brute_force(void)
{
    uint32_t dice = 12345;
    bool equal = true;
    for (int round = 0; round < 200; round++) {
        float cost[5 * 6];
        for (size_t i = 0; i < ARRAY_LEN(cost); i++) {
            dice = dice * 1664525 + 1013904223;
            cost[i] = (float)(dice >> 16) / 65536;
        }
        int match[5];
        assign_solve(cost, 5, 6, match);
        float sum = 0;
        for (size_t i = 0; i < 5; i++) {
            sum += cost[i * 6 + (size_t)match[i]];
        }
        equal = equal && sum < brute(cost, 5, 6, 0, 0) + 1e-4F;
    }
    CHECK(equal);
}

int main(void)
{
    int match[3];
    assign_solve((float[]){1, 2, 2, 1, 9, 9}, 3, 2, match);
    CHECK(match[0] == 0 && match[1] == 1 && match[2] == ASSIGN_NONE);
    assign_solve((float[]){ASSIGN_FORBIDDEN, 0.5F, ASSIGN_FORBIDDEN, ASSIGN_FORBIDDEN}, 2, 2,
                 match);
    CHECK(match[0] == 1 && match[1] == ASSIGN_NONE);
    assign_solve(NULL, 3, 0, match);
    CHECK(match[0] == ASSIGN_NONE && match[2] == ASSIGN_NONE);
    test_against_brute_force();
    return CHECK_DONE();
}
