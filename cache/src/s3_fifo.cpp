#include "s3_fifo.hpp"

namespace infra::cache {

void s3_ghosts::add(std::uint64_t fingerprint, std::size_t at_most) {
    while (!order_.empty() && order_.size() >= at_most)
        drop_oldest();
    if (at_most == 0)
        return;
    order_.push_back(fingerprint);
    number_of_.insert_or_assign(fingerprint, first_ + order_.size() - 1);
}

bool s3_ghosts::take(std::uint64_t fingerprint) { return number_of_.erase(fingerprint) != 0; }

void s3_ghosts::drop_oldest() {
    const auto found = number_of_.find(order_.front());
    if (found != number_of_.end() && found->second == first_) // otherwise taken, or added again since
        number_of_.erase(found);
    order_.pop_front();
    ++first_;
}

void s3_fifo::queue::push(s3_hook& h) noexcept {
    h.previous = &end;
    h.next = end.next;
    h.next->previous = &h;
    end.next = &h;
    cost += h.cost;
    ++count;
}

void s3_fifo::queue::remove(s3_hook& h) noexcept {
    h.previous->next = h.next;
    h.next->previous = h.previous;
    cost -= h.cost;
    --count;
}

s3_fifo::s3_fifo(std::size_t capacity) noexcept : capacity_(capacity) {}

void s3_fifo::insert(s3_hook& fresh) {
    fresh.hits = 0;
    fresh.in_main = ghosts_.take(fresh.fingerprint);
    queue_of(fresh).push(fresh);
}

void s3_fifo::erase(s3_hook& gone) noexcept { queue_of(gone).remove(gone); }

void s3_fifo::replace(s3_hook& old, s3_hook& fresh) noexcept {
    auto& in = queue_of(old);
    fresh.previous = old.previous;
    fresh.next = old.next;
    fresh.hits = old.hits;
    fresh.in_main = old.in_main;
    fresh.previous->next = fresh.next->previous = &fresh;
    in.cost += fresh.cost;
    in.cost -= old.cost;
}

s3_hook* s3_fifo::evict() {
    s3_hook* victim = nullptr;
    if (small_.cost * 10 >= capacity_ || main_.count == 0)
        victim = evict_from_small();
    return victim ? victim : evict_from_main();
}

s3_hook* s3_fifo::evict_from_small() {
    while (auto* oldest = small_.oldest()) {
        if (oldest->hits <= 1) {
            ghosts_.add(oldest->fingerprint, count() - 1); // may throw, and then nobody has gone
            small_.remove(*oldest);
            return oldest;
        }
        small_.remove(*oldest);
        oldest->hits = 0;
        oldest->in_main = true;
        main_.push(*oldest);
    }
    return nullptr;
}

s3_hook* s3_fifo::evict_from_main() noexcept {
    while (auto* oldest = main_.oldest()) {
        main_.remove(*oldest);
        if (oldest->hits == 0)
            return oldest;
        --oldest->hits;
        main_.push(*oldest);
    }
    return nullptr;
}

} // namespace infra::cache
