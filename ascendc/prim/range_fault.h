// What is wrong with a row that is a range of a request's tokens: one rule for all operations that have such rows.
//
// A row with start == end is empty and in order, whatever else it says. Scalar; no UB, no pipe.
#pragma once

#include "fault_log.h"

namespace cache_loc {

struct TableSize {
    // Whether every entry's place in the storage, and so much more, is an int32.
    __aicore__ inline bool FitsInt32(uint64_t more = 0) const { return uint64_t{rows} * row_stride + more <= 0x7fffffff; }

    uint32_t rows, row_stride, row_len;
};

// An AscendCacheLocFaultKind, 0 where nothing is wrong.
__aicore__ inline uint32_t RangeFault(const TableSize &table, int64_t request, int64_t start, int64_t end)
{
    if (start == end) {
        return 0;
    }
    if (request < 0 || request >= table.rows) {
        return ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE;
    }
    if (start > end) {
        return ASCEND_CACHE_LOC_RANGE_REVERSED;
    }
    return start < 0 || end > table.row_len ? ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW : 0;
}

// Reports it with the values that its kind carries.
__aicore__ inline void ReportRange(FaultLog &log, const TableSize &table, uint64_t row, uint32_t kind, int64_t request,
                                   int64_t start, int64_t end)
{
    const bool of_request = kind == ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE;
    const int64_t row_len = kind == ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW ? table.row_len : 0;
    log.Report(row, kind, of_request ? request : start, of_request ? table.rows : end, row_len);
}

} // namespace cache_loc
