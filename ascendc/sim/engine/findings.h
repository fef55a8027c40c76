// The one place where findings are made: places in kernel source, reports, and their collection without repeats.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "../launch.h"

namespace ascendc_sim {

using Report = AscendCacheLocSimReport;
using Place = AscendCacheLocSimPlace;
using Kind = AscendCacheLocSimKind;
using Space = AscendCacheLocSimSpace;

// Where in its source a kernel calls an API. As a default argument, `Site::here()` is the line of the call.
struct Site {
    const char *file;
    uint32_t line;

    static constexpr Site here(const char *file = __builtin_FILE(), uint32_t line = __builtin_LINE())
    {
        return {file, line};
    }
};

// The reports of one launch. The same kind at the same two places is kept once and counted.
class Findings {
public:
    void add(Report report)
    {
        const Key key{report.kind,       report.place.file, report.place.line,       report.place.instruction,
                      report.other.file, report.other.line, report.other.instruction};
        const auto [at, fresh] = index_.try_emplace(key, reports_.size());
        if (fresh) {
            report.occurrences = 1;
            reports_.push_back(report);
        } else {
            ++reports_[at->second].occurrences;
        }
    }

    const std::vector<Report> &all() const { return reports_; }

private:
    using Key = std::tuple<uint32_t, const char *, uint32_t, const char *, const char *, uint32_t, const char *>;
    std::map<Key, size_t> index_;
    std::vector<Report> reports_;
};

// Thrown to stop a core that cannot go on; never leaves the launch.
struct Stop {};

} // namespace ascendc_sim
