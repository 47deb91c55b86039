#include <infra/cache/error.hpp>

namespace infra::cache {

const boost::system::error_category& cache_category() noexcept {
    static constexpr std::string_view messages[] = {
        "the cached value is of another type",
        "the value is too large for the cache",
        "the cache's store is not available",
    };
    static const table_category category("infra.cache", messages);
    return category;
}

} // namespace infra::cache
