#include "camera/assign.h"

#include <stdbool.h>
#include <string.h>

/* Working memory. Index 0 is a place holder: rows and columns count from 1, rows <= columns. */
struct solver {
    const float *cost;
    size_t rows, columns, stride;
    bool turned; /* more rows than columns: the two change places */
    float row_price[ASSIGN_SIDE_MAX + 1], column_price[ASSIGN_SIDE_MAX + 1];
    float slack[ASSIGN_SIDE_MAX + 1];
    size_t row_of[ASSIGN_SIDE_MAX + 1], way[ASSIGN_SIDE_MAX + 1];
    bool used[ASSIGN_SIDE_MAX + 1];
};

static float cost_at(const struct solver *s, size_t row, size_t column)
{
    return s->turned ? s->cost[(column - 1) * s->stride + row - 1]
                     : s->cost[(row - 1) * s->stride + column - 1];
}

/* Grows the tree of tight pairs by one column and returns it. */
static size_t next_column(struct solver *s, size_t column)
{
    const size_t row = s->row_of[column];
    float least = 2 * ASSIGN_FORBIDDEN * ASSIGN_SIDE_MAX;
    size_t next = 0;
    s->used[column] = true;
    for (size_t j = 1; j <= s->columns; j++) {
        if (s->used[j]) { continue; }
        const float reduced = cost_at(s, row, j) - s->row_price[row] - s->column_price[j];
        if (reduced < s->slack[j]) {
            s->slack[j] = reduced;
            s->way[j] = column;
        }
        if (s->slack[j] < least) {
            least = s->slack[j];
            next = j;
        }
    }
    for (size_t j = 0; j <= s->columns; j++) {
        if (s->used[j]) {
            s->row_price[s->row_of[j]] += least;
            s->column_price[j] -= least;
        } else {
            s->slack[j] -= least;
        }
    }
    return next;
}

static void place_row(struct solver *s, size_t row)
{
    s->row_of[0] = row;
    memset(s->used, 0, sizeof s->used);
    for (size_t j = 0; j <= s->columns; j++) {
        s->slack[j] = 2 * ASSIGN_FORBIDDEN * ASSIGN_SIDE_MAX;
    }
    size_t column = 0;
    do {
        column = next_column(s, column);
    } while (s->row_of[column] != 0);
    while (column != 0) {
        const size_t before = s->way[column];
        s->row_of[column] = s->row_of[before];
        column = before;
    }
}

void assign_solve(const float *cost, size_t rows, size_t columns, int *column_of_row)
{
    for (size_t i = 0; i < rows; i++) {
        column_of_row[i] = ASSIGN_NONE;
    }
    if (rows == 0 || columns == 0 || rows > ASSIGN_SIDE_MAX || columns > ASSIGN_SIDE_MAX) {
        return;
    }
    struct solver solver = {.cost = cost, .stride = columns, .turned = rows > columns};
    solver.rows = solver.turned ? columns : rows;
    solver.columns = solver.turned ? rows : columns;
    for (size_t row = 1; row <= solver.rows; row++) {
        place_row(&solver, row);
    }
    for (size_t j = 1; j <= solver.columns; j++) {
        if (solver.row_of[j] == 0) { continue; }
        const size_t row = solver.turned ? j - 1 : solver.row_of[j] - 1;
        const size_t column = solver.turned ? solver.row_of[j] - 1 : j - 1;
        if (cost[row * columns + column] < ASSIGN_FORBIDDEN) { column_of_row[row] = (int)column; }
    }
}
