//! The partitions of AWS, each with the suffix of its services' names (botocore's `partitions.json`). Another one is refused where it is
//! read: every ARN, host and token made from it would be wrong.

const PARTITIONS: [(&str, &str); 8] = [
    ("aws", "amazonaws.com"),
    ("aws-cn", "amazonaws.com.cn"),
    ("aws-eusc", "amazonaws.eu"),
    ("aws-iso", "c2s.ic.gov"),
    ("aws-iso-b", "sc2s.sgov.gov"),
    ("aws-iso-e", "cloud.adc-e.uk"),
    ("aws-iso-f", "csp.hci.ic.gov"),
    ("aws-us-gov", "amazonaws.com"),
];

/// `None`: there is no such partition.
pub fn dns_suffix(partition: &str) -> Option<&'static str> {
    PARTITIONS.iter().find(|(name, _)| *name == partition).map(|(_, suffix)| *suffix)
}
