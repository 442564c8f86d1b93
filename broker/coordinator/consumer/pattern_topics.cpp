#include "broker/coordinator/consumer/pattern_topics.h"

#include <utility>

#include "broker/coordinator/consumer/topic_pattern.h"

namespace hw::broker {

ResolvedPatterns resolve(PatternQuestion question) {
    ResolvedPatterns resolved{.ticket = std::move(question.ticket),
                              .position = question.image->last_offset(),
                              .topics = {}};
    for (std::string& text : question.patterns) {
        const auto pattern = TopicPattern::compile(text);
        auto& topics = resolved.topics[std::move(text)];
        if (!pattern) {
            continue;
        }
        for (const auto& [name, topic] : question.image->topics()) {
            if (!topic.internal && pattern->matches(name)) {
                topics.push_back(name);
            }
        }
    }
    return resolved;
}

}  // namespace hw::broker
