#include <infra/testing/memory_backend.hpp>

#include "../../queue/tests/backend_conformance.hpp"

namespace infra::queue::tests {
namespace {

backend_subject make_memory() {
    const auto stored = std::make_shared<infra::testing::memory_backend>();
    return {.stored = stored, .open_again = [stored] { return stored->open_again(); }};
}

INSTANTIATE_TEST_SUITE_P(Memory, QueueBackend, ::testing::Values(backend_case{"Only", make_memory}), backend_case_name);

} // namespace
} // namespace infra::queue::tests
