#pragma once

/// What tests of metrics share.

#include <infra/base/id.hpp>
#include <infra/monitoring.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace infra::monitoring {

/// The lines that rooms report while it lives.
class heard_log {
public:
    heard_log() {
        lines().clear();
        telemetry::install(&functions);
    }
    ~heard_log() { telemetry::install(static_cast<const telemetry::log_functions*>(nullptr)); }
    heard_log(const heard_log&) = delete;
    heard_log& operator=(const heard_log&) = delete;

    static std::vector<std::string>& lines() {
        static std::vector<std::string> all;
        return all;
    }

private:
    static void write(const log_record& r) noexcept {
        static std::mutex mutex;
        const std::scoped_lock lock(mutex);
        lines().emplace_back(r.message);
    }
    static constexpr telemetry::log_functions functions{
        .enabled = [](level, std::string_view) noexcept { return true; }, .write = &write};
};

/// True where Prometheus' own checker finds neither an error nor a bad habit in `text`.
inline testing::AssertionResult passes_promtool(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / ("metrics_" + uuid_v7());
    std::ofstream(path, std::ios::binary) << text;
    const auto out = path.string() + ".out";
    const int status = std::system(("promtool check metrics < " + path.string() + " > " + out + " 2>&1").c_str());
    std::ifstream said(out);
    const std::string words{std::istreambuf_iterator<char>(said), {}};
    std::filesystem::remove(path);
    std::filesystem::remove(out);
    return status == 0 ? testing::AssertionSuccess()
                       : testing::AssertionFailure() << words << "\n"
                                                     << text.substr(0, 4000);
}

inline bool has_promtool() { return std::system("promtool --version >/dev/null 2>&1") == 0; }

} // namespace infra::monitoring
