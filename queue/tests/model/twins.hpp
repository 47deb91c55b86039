#pragma once

// One verb asked of two backends: the subject, and the model it is compared with.

#include "words.hpp"

#include "../support.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace infra::queue::tests {

/// The subject is not what the model is.
struct difference : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline bool is_given(const job_id& id) {
    return !id.empty() && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

/// Ids that a caller chose are the same in both; of those that backends give, this knows which stands for which. A text
/// calls a job by its id in the model.
class id_pairs {
public:
    /// True if they mean the same job; two that both are new mean the same from now on.
    bool same(const job_id& subject, const job_id& model) {
        if (!is_given(subject) || !is_given(model))
            return subject == model;
        const auto known = to_model_.find(subject);
        if (known != to_model_.end() || to_subject_.contains(model))
            return known != to_model_.end() && known->second == model;
        to_model_.emplace(subject, model);
        to_subject_.emplace(model, subject);
        return true;
    }

    job_id to_subject(const job_id& model) const { return find(to_subject_, model); }
    job_id to_model(const job_id& subject) const { return find(to_model_, subject); }
    called by_model() const {
        return [this](const job_id& subject) { return to_model(subject); };
    }

private:
    static job_id find(const std::map<job_id, job_id>& in, const job_id& id) {
        const auto found = in.find(id);
        return !is_given(id) ? id : found == in.end() ? "unknown:" + id : found->second;
    }

    std::map<job_id, job_id> to_model_, to_subject_;
};

inline std::string as_it_is(const job_id& id) { return id; }

/// Begun on the subject, repeated on the model, and compared once both have ended.
class twin_operation {
public:
    explicit twin_operation(std::string text) : text_(std::move(text)) {}
    virtual ~twin_operation() = default;

    virtual void start(test_loop& loop, backend& subject) = 0;
    virtual bool ended() const = 0;
    virtual boost::system::error_code failure() const = 0;
    virtual void repeat(test_loop& loop, backend& model) = 0;
    virtual void compare(id_pairs& ids) = 0;

    const std::string& text() const { return text_; }

private:
    std::string text_;
};

template <class Answer>
class twin final : public twin_operation {
public:
    using verb = std::function<awaitable<Answer>(backend&)>;
    /// Answers as text, that of the subject with the model's ids.
    using reading = std::function<std::string(const Answer&, const called&)>;

    twin(std::string text, verb on_subject, verb on_model, reading read,
         std::function<void(const Answer& subject, const Answer& model)> then = {})
        : twin_operation(std::move(text)),
          on_subject_(std::move(on_subject)),
          on_model_(std::move(on_model)),
          read_(std::move(read)),
          then_(std::move(then)) {}

    void start(test_loop& loop, backend& subject) override { subject_ = loop.start(on_subject_(subject)); }
    bool ended() const override { return subject_->ended; }
    boost::system::error_code failure() const override { return code_of(subject_->failure); }

    void repeat(test_loop& loop, backend& model) override {
        model_ = loop.start(on_model_(model));
        loop.until([this] { return model_->ended; });
    }

    void compare(id_pairs& ids) override {
        if (failure() != code_of(model_->failure))
            throw difference(text() + "\n  ends with: " + failure().message() +
                             "\n  should with: " + code_of(model_->failure).message());
        if (subject_->failure)
            return;
        if (then_) // which may learn of ids
            then_(*subject_->value, *model_->value);
        const auto is = read_(*subject_->value, ids.by_model()), should_be = read_(*model_->value, as_it_is);
        if (is != should_be)
            throw difference(text() + " answers" + first_difference(is, should_be));
    }

private:
    verb on_subject_, on_model_;
    reading read_;
    std::function<void(const Answer&, const Answer&)> then_;
    std::shared_ptr<pending<Answer>> subject_, model_;
};

} // namespace infra::queue::tests
