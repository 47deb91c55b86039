#include "support.hpp"

#include <infra/logging.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <system_error>

namespace api {
namespace {

const std::shared_ptr<infra::logging::memory_sink>& sink() {
    static const auto& one = *new auto(std::make_shared<infra::logging::memory_sink>());
    return one;
}

// Before the first line of a test: afterwards the default pipeline can no longer be configured.
struct captured_log : testing::Environment {
    void SetUp() override {
        static auto& stands_still = *new infra::manual_clock;
        infra::logging::configure({.outputs = {{.to = sink()}}, .synchronous = true, .time = &stands_still});
    }
};
const auto* const captured = testing::AddGlobalTestEnvironment(new captured_log);

} // namespace

infra::logging::memory_sink& log_lines() { return *sink(); }

temporary_folder::temporary_folder() {
    auto pattern = (std::filesystem::temp_directory_path() / "infra-api-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
        throw std::system_error(errno, std::generic_category(), pattern);
    path_ = pattern;
}

temporary_folder::~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace api
