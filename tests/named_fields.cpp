// Must not pass unnoticed: the list behind a named `fields` is gone by the semicolon.

#include <infra/base/field.hpp>

infra::fields named() {
    infra::fields kept = {{"port", 3000}};
    return kept;
}
