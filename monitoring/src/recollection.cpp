#include "recollection.hpp"

#include <new>
#include <utility>

namespace infra::monitoring::detail {

[[gnu::noinline]] void remember(const saying& said, std::shared_ptr<const series> what) noexcept {
    spelling::room words;
    const spelling spelled(said, words);
    if (!my_shard || !spelled.is_whole())
        return;
    try {
        if (!my_shard->names)
            my_shard->names = new recollection;
        recollection::entry made{{spelled.words().begin(), spelled.words().end()}, std::move(what)};
        auto& at = my_shard->names->place_of(spelled);
        at.earlier = std::exchange(at.latest, std::move(made));
    } catch (const std::bad_alloc&) { // it is found the long way again
    }
}

} // namespace infra::monitoring::detail
