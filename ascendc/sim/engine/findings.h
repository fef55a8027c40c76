// The one place where findings are made: places in kernel source, reports, and their collection without repeats.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "../arch/arch.h"
#include "../launch.h"

namespace ascendc_sim {
inline namespace ASCENDC_SIM_ARCH {

using Report = AscendCacheLocSimReport;
using Place = AscendCacheLocSimPlace;
using Kind = AscendCacheLocSimKind;
using Space = AscendCacheLocSimSpace;

// Where in its source a kernel calls an API. As a default argument, `Site::here()` is the line of the call.
// Every call of the API that may be reported has one behind its documented parameters, so it is never given.
struct Site {
    const char *file;
    uint32_t line;

    static constexpr Site here(const char *file = __builtin_FILE(), uint32_t line = __builtin_LINE())
    {
        return {file, line};
    }
};

// Where a kernel calls a helper: as a helper's last parameter, by default argument, it lasts as long as the call. Of
// helpers that call helpers, the outermost counts.
class Caller {
public:
    Caller(Site site = Site::here()) : site_(site), outermost_(slot() == nullptr)
    {
        if (outermost_) {
            slot() = &site_;
        }
    }
    Caller(const Caller &) = delete;
    Caller &operator=(const Caller &) = delete;
    ~Caller()
    {
        if (outermost_) {
            slot() = nullptr;
        }
    }

    // {null, 0} outside every helper.
    static Site current() { return slot() == nullptr ? Site{nullptr, 0} : *slot(); }

private:
    static const Site *&slot()
    {
        thread_local const Site *site = nullptr;
        return site;
    }

    Site site_;
    bool outermost_;
};

// The reports of one launch. The same kind at the same two places is kept once and counted.
// Where is file, line, instruction and caller, not core: a mistake that 40 cores make is one report. Strings are
// compared by address, as they are literals; two addresses of one text would only mean a report more.
class Findings {
public:
    void add(Report report)
    {
        const Key key{report.kind, of(report.place), of(report.other)};
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
    using Where = std::tuple<const char *, uint32_t, const char *, const char *, uint32_t>;
    using Key = std::tuple<uint32_t, Where, Where>;

    static Where of(const Place &place)
    {
        return {place.file, place.line, place.instruction, place.caller_file, place.caller_line};
    }

    std::map<Key, size_t> index_;
    std::vector<Report> reports_;
};

// Thrown to stop a core that cannot go on; never leaves the launch. A device's exception ends the whole launch.
struct Stop {
    bool exception = false;
};

} // namespace ASCENDC_SIM_ARCH
} // namespace ascendc_sim
