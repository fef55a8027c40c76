// The data cache of the scalar pipe: what a kernel can have written back and forgotten.
#pragma once

#include <cstdint>

#include "tensor.h"

namespace AscendC {
inline namespace ASCENDC_SIM_ARCH {

enum class CacheLine : uint64_t { SINGLE_CACHE_LINE = 0, ENTIRE_DATA_CACHE };
enum class DcciDst : uint64_t { CACHELINE_ALL = 0, CACHELINE_UB, CACHELINE_OUT, CACHELINE_ATOMIC };

// A single line: from the tensor's address to the next multiple of 64, and no more. UB is not cached here.
// So a line takes two calls where the address is inside it. Copies that follow still need a flag from S.
template <typename T, CacheLine entireType, DcciDst dcciDst>
void DataCacheCleanAndInvalid(const GlobalTensor<T> &dst, Site site = Site::here())
{
    auto &core = ascendc_sim::Core::current();
    const auto now = core.issue(ascendc_sim::kS, "DataCacheCleanAndInvalid", site);
    if constexpr (dcciDst == DcciDst::CACHELINE_ALL || dcciDst == DcciDst::CACHELINE_OUT) {
        const uint64_t begin = dst.sim_address();
        if (entireType == CacheLine::ENTIRE_DATA_CACHE) {
            core.clean_cache({0, UINT64_MAX});
        } else if (dst.sim_base() == 0) {
            core.except(ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, now, {});
        } else {
            core.clean_cache({begin, (begin / ascendc_sim::kLineBytes + 1) * ascendc_sim::kLineBytes});
        }
    }
}

template <typename T, CacheLine entireType>
void DataCacheCleanAndInvalid(const GlobalTensor<T> &dst, Site site = Site::here())
{
    DataCacheCleanAndInvalid<T, entireType, DcciDst::CACHELINE_ALL>(dst, site);
}

} // namespace ASCENDC_SIM_ARCH
} // namespace AscendC
