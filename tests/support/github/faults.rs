//! What goes wrong on request.
#![allow(clippy::wrong_self_convention, reason = "scenes read as sentences: it `is_cut()`")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a request fails.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing is done, this is answered.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// Nothing is done, the connection is cut.
    Cut,
    /// All is done, the connection is cut before the answer.
    LostReply,
    /// All is done, the answer is cut in its middle.
    CutReply,
    /// All is done, after a while.
    Slow(Duration),
    /// All is done, after somebody has pushed.
    Pushed { repo: String, branch: String },
}

/// A fault with what it is for, and how often.
#[derive(Clone, Debug)]
struct Planned {
    /// The endpoint, or empty for any.
    endpoint: &'static str,
    fault: Fault,
    times: usize,
}

/// The faults that are still to happen.
#[derive(Clone, Default)]
pub struct Faults {
    planned: Arc<Mutex<Vec<Planned>>>,
    /// How often each request fails before it is answered, and how often it did.
    first: Arc<Mutex<(usize, BTreeMap<String, usize>)>>,
}

impl Faults {
    /// The fault for a request, if one is planned; it is used up once.
    pub fn take(&self, endpoint: &str) -> Option<Fault> {
        let mut planned = self.planned.lock().unwrap();
        let fits = |plan: &Planned| plan.endpoint == endpoint || plan.endpoint.is_empty();
        let at = planned.iter().position(fits)?;
        planned[at].times -= 1;
        let fault = planned[at].fault.clone();
        planned.retain(|plan| plan.times > 0);
        Some(fault)
    }

    /// From now on the first tries of each request fail with a 502.
    pub fn fail_first(&self, tries: usize) {
        *self.first.lock().unwrap() = (tries, BTreeMap::new());
    }

    /// The fault for a try of a request, if the first ones fail.
    pub fn first(&self, request: String) -> Option<Fault> {
        let mut first = self.first.lock().unwrap();
        let (tries, failed) = &mut *first;
        if *tries == 0 {
            return None;
        }
        let failed = failed.entry(request).or_default();
        *failed += 1;
        let body = r#"{"message":"Server Error"}"#.to_owned();
        (*failed <= *tries).then(|| Fault::Answer { status: 502, headers: Vec::new(), body })
    }

    /// Whether all planned faults have happened.
    pub fn is_empty(&self) -> bool {
        self.planned.lock().unwrap().is_empty()
    }

    pub fn clear(&self) {
        self.planned.lock().unwrap().clear();
    }

    pub fn plan(&self, endpoint: &'static str) -> Plan {
        Plan { faults: self.clone(), endpoint, times: 1 }
    }
}

/// A fault that is being described: `github.next(UPDATE_REF).fails_with(502)`.
pub struct Plan {
    faults: Faults,
    endpoint: &'static str,
    times: usize,
}

impl Plan {
    /// That many times instead of once.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Until [`Faults::clear`].
    pub fn from_now_on(self) -> Self {
        self.times(usize::MAX)
    }

    pub fn fails_with(self, status: u16) {
        self.answers(status, &[], r#"{"message":"Server Error"}"#);
    }

    /// GitHub's refusal for asking too fast.
    pub fn is_limited(self, status: u16, retry_after: Option<u64>) {
        let seconds = retry_after.map(|seconds| seconds.to_string());
        let headers: Vec<_> = seconds.iter().map(|text| ("retry-after", text.as_str())).collect();
        let body = r#"{"message":"You have exceeded a secondary rate limit. Please wait."}"#;
        self.answers(status, &headers, body);
    }

    pub fn answers(self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        self.add(Fault::Answer { status, headers: headers.collect(), body: body.into() });
    }

    pub fn is_cut(self) {
        self.add(Fault::Cut);
    }

    pub fn loses_its_reply(self) {
        self.add(Fault::LostReply);
    }

    pub fn has_its_reply_cut(self) {
        self.add(Fault::CutReply);
    }

    pub fn takes(self, duration: Duration) {
        self.add(Fault::Slow(duration));
    }

    pub fn comes_after_a_push(self, repo: &str, branch: &str) {
        self.add(Fault::Pushed { repo: repo.to_owned(), branch: branch.to_owned() });
    }

    fn add(self, fault: Fault) {
        let planned = Planned { endpoint: self.endpoint, fault, times: self.times };
        self.faults.planned.lock().unwrap().push(planned);
    }
}
