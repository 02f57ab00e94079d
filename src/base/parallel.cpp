#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace saccade {

namespace {

/// One parallel_for in progress; lives on its caller's stack.
struct Job {
    Job(std::int64_t count_, const std::function<void(std::int64_t)>* body_, int seats)
        : count(count_), body(body_), free_seats(seats) {}

    const std::int64_t count;
    const std::function<void(std::int64_t)>* const body;
    int free_seats;   // how many more workers may join; guarded by the pool's mutex
    int workers = 0;  // how many are at it; guarded by the pool's mutex
    std::atomic<std::int64_t> next{0};
    std::mutex error_mutex;
    std::exception_ptr error;
};

struct ThreadState {
    bool inside_body = false;
    bool low_priority = false;
};

ThreadState& this_thread() {
    thread_local ThreadState state;
    return state;
}

void nice_this_thread() {
#ifdef __linux__
    // On Linux the niceness belongs to the thread, not to the process. A failure only means that nothing changes.
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
#endif
}

void work_on(Job& job) {
    ThreadState& thread = this_thread();
    const bool was_inside = thread.inside_body;
    thread.inside_body = true;
    for (;;) {
        const std::int64_t i = job.next.fetch_add(1, std::memory_order_relaxed);
        if (i >= job.count) break;
        try {
            (*job.body)(i);
        } catch (...) {
            const std::lock_guard lock(job.error_mutex);
            if (!job.error) job.error = std::current_exception();
            job.next.store(job.count, std::memory_order_relaxed);  // the rest is no longer needed
        }
    }
    thread.inside_body = was_inside;
}

/// Threads that help whoever calls run(). Started when first needed, joined when the program ends.
class Pool {
 public:
    explicit Pool(bool low_priority) : low_priority_(low_priority) {}

    ~Pool() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        work_available_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void run(std::int64_t count, const std::function<void(std::int64_t)>& body, int helpers) {
        Job job(count, &body, helpers);
        {
            const std::lock_guard lock(mutex_);
            start_threads(helpers);
            jobs_.push_back(&job);
        }
        for (int i = 0; i < helpers; ++i) work_available_.notify_one();
        work_on(job);
        {
            // Helpers only ever finish pieces that they hold, so this wait ends whatever other jobs are doing.
            std::unique_lock lock(mutex_);
            std::erase(jobs_, &job);
            worker_left_.wait(lock, [&] { return job.workers == 0; });
        }
        if (job.error) std::rethrow_exception(job.error);
    }

 private:
    void start_threads(int helpers) {
        while (static_cast<int>(threads_.size()) < helpers) threads_.emplace_back([this] { serve(); });
    }

    Job* claim_job() {
        for (Job* job : jobs_) {
            if (job->free_seats == 0 || job->next.load(std::memory_order_relaxed) >= job->count) continue;
            --job->free_seats;
            ++job->workers;
            return job;
        }
        return nullptr;
    }

    void serve() {
        this_thread().low_priority = low_priority_;
        if (low_priority_) nice_this_thread();
        std::unique_lock lock(mutex_);
        for (;;) {
            Job* job = nullptr;
            work_available_.wait(lock, [&] { return stopping_ || (job = claim_job()) != nullptr; });
            if (job == nullptr) return;
            lock.unlock();
            work_on(*job);
            lock.lock();
            if (--job->workers == 0) worker_left_.notify_all();
        }
    }

    const bool low_priority_;
    std::mutex mutex_;
    std::condition_variable work_available_, worker_left_;
    std::deque<Job*> jobs_;
    std::vector<std::thread> threads_;
    bool stopping_ = false;
};

/// Work of low-priority threads has helpers of its own: a thread that has raised its niceness may not lower it again.
Pool& pool(bool low_priority) {
    static Pool normal(false);
    static Pool low(true);
    return low_priority ? low : normal;
}

std::atomic<int>& thread_count_setting() {
    static std::atomic<int> count{std::max(1, static_cast<int>(std::thread::hardware_concurrency()))};
    return count;
}

}  // namespace

void set_thread_count(int n) {
    thread_count_setting().store(std::max(1, n));
}

int thread_count() {
    return thread_count_setting().load(std::memory_order_relaxed);
}

void parallel_for(std::int64_t n, const std::function<void(std::int64_t)>& body) {
    const ThreadState& thread = this_thread();
    const auto helpers = static_cast<int>(std::min<std::int64_t>(thread_count(), n)) - 1;
    if (thread.inside_body || helpers < 1) {
        for (std::int64_t i = 0; i < n; ++i) body(i);
        return;
    }
    pool(thread.low_priority).run(n, body, helpers);
}

void lower_this_thread_priority() {
    this_thread().low_priority = true;
    nice_this_thread();
}

}  // namespace saccade
