#include "test/sim/consumer_judge.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace hw::sim {
namespace {

using Broken = std::optional<std::string>;

double seconds_of(TimePoint time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// What is claimed: a partition, or an instance.
std::string thing_of(const ConsumerClaim& claim) {
    return claim.partition ? fmt::format("partition {}", *claim.partition)
                           : "instance " + claim.member.instance.value_or("");
}

Broken check_claims(const std::string& group, std::vector<ConsumerClaim> claims) {
    std::ranges::sort(claims, {}, [](const ConsumerClaim& claim) {
        return std::tuple(claim.from, claim.until, claim.member.id);
    });
    // For each thing the claim that lasts longest, of those so far.
    std::map<std::string, ConsumerClaim> longest;
    for (const ConsumerClaim& claim : claims) {
        const auto [place, is_first] = longest.try_emplace(thing_of(claim), claim);
        ConsumerClaim& before = place->second;
        if (is_first) {
            continue;
        }
        if (before.member.id != claim.member.id && claim.from < before.until) {
            return fmt::format(
                "{}: {} belongs to {} from {:.3f} s until {:.3f} s, and to {} from {:.3f} s", group,
                thing_of(claim), before.member.id, seconds_of(before.from),
                seconds_of(before.until), claim.member.id, seconds_of(claim.from));
        }
        if (claim.until > before.until) {
            before = claim;
        }
    }
    return std::nullopt;
}

/// Members with an instance keep their partitions under another id.
const std::string& owner(const MemberName& member) {
    return member.instance ? *member.instance : member.id;
}

Broken check_grants(const std::string& group, const std::vector<ConsumerGrant>& grants) {
    std::map<std::pair<std::int32_t, std::int32_t>, const ConsumerGrant*> given;
    for (const ConsumerGrant& grant : grants) {
        const auto place = given.try_emplace({grant.epoch, grant.partition}, &grant).first;
        const ConsumerGrant& other = *place->second;
        if (owner(other.member) != owner(grant.member)) {
            return fmt::format("{}: in epoch {} partition {} was given to {} and to {}", group,
                               grant.epoch, grant.partition, owner(other.member),
                               owner(grant.member));
        }
    }
    return std::nullopt;
}

Broken check_epochs(const std::string& group, const std::vector<ConsumerGrant>& grants,
                    const std::vector<ConsumerCommit>& commits) {
    for (const ConsumerCommit& commit : commits) {
        for (const ConsumerGrant& grant : grants) {
            if (grant.partition == commit.partition && grant.member.id != commit.member.id &&
                grant.epoch > commit.epoch && grant.done < commit.sent) {
                return fmt::format(
                    "{}: a commit of {} in epoch {} for partition {} was taken although it was "
                    "sent after {} had got that in epoch {}",
                    group, commit.member.id, commit.epoch, commit.partition, grant.member.id,
                    grant.epoch);
            }
        }
    }
    return std::nullopt;
}

Broken check_instances(const std::string& group, const std::vector<ConsumerClaim>& claims,
                       const std::vector<ConsumerCommit>& commits) {
    std::map<std::string, std::map<std::string, TimePoint>> begins;  // by instance and id
    for (const ConsumerClaim& claim : claims) {
        if (!claim.partition) {
            auto& of_instance = begins[claim.member.instance.value_or("")];
            TimePoint& begin = of_instance.try_emplace(claim.member.id, claim.from).first->second;
            begin = std::min(begin, claim.from);
        }
    }
    for (const ConsumerCommit& commit : commits) {
        const auto& of_instance = begins[commit.member.instance.value_or("")];
        const auto own = of_instance.find(commit.member.id);
        if (own == of_instance.end()) {
            continue;
        }
        for (const auto& [id, begin] : of_instance) {
            if (begin > own->second && begin < commit.sent) {
                return fmt::format(
                    "{}: a commit of {} was taken although it was sent after {} had taken over "
                    "its instance {}",
                    group, commit.member.id, id, *commit.member.instance);
            }
        }
    }
    return std::nullopt;
}

}  // namespace

ConsumerJudge::ConsumerJudge(std::vector<std::string> names) {
    for (std::string& name : names) {
        groups_.push_back({std::move(name), {}, {}, {}});
    }
}

void ConsumerJudge::on_claim(std::size_t group, ConsumerClaim claim) {
    groups_[group].claims.push_back(std::move(claim));
}

void ConsumerJudge::on_grant(std::size_t group, ConsumerGrant grant) {
    groups_[group].grants.push_back(std::move(grant));
}

void ConsumerJudge::on_commit(std::size_t group, ConsumerCommit commit) {
    groups_[group].commits.push_back(std::move(commit));
}

void ConsumerJudge::on_old_heartbeat(std::size_t group, const MemberName& member,
                                     std::int32_t epoch) {
    if (!broken_) {
        broken_ = fmt::format("{}: a heartbeat of {} in epoch {} was taken after two later epochs",
                              groups_[group].name, member.id, epoch);
    }
}

std::optional<std::string> ConsumerJudge::judge() const {
    Broken broken = broken_;
    for (const Group& group : groups_) {
        if (!broken) {
            broken = check_claims(group.name, group.claims);
        }
        if (!broken) {
            broken = check_grants(group.name, group.grants);
        }
        if (!broken) {
            broken = check_epochs(group.name, group.grants, group.commits);
        }
        if (!broken) {
            broken = check_instances(group.name, group.claims, group.commits);
        }
    }
    return broken;
}

std::uint64_t ConsumerJudge::grants() const {
    std::uint64_t count = 0;
    for (const Group& group : groups_) {
        count += group.grants.size();
    }
    return count;
}

std::uint64_t ConsumerJudge::commits() const {
    std::uint64_t count = 0;
    for (const Group& group : groups_) {
        count += group.commits.size();
    }
    return count;
}

}  // namespace hw::sim
