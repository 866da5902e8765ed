//! D-28: the API is there over TLS only.

use super::OURS;

#[test]
fn d28_a_named_api_has_tls_1_2_its_certificate_and_no_other_address() {
    let template: serde_yaml_ng::Value = serde_yaml_ng::from_str(OURS).unwrap();
    let resources = &template["Resources"];
    let name = &resources["ApiDomainName"]["Properties"]["DomainNameConfigurations"][0];
    assert_eq!(name["SecurityPolicy"], "TLS_1_2");
    assert!(name.get("CertificateArn").is_some());
    let disabled = &resources["HttpApi"]["Properties"]["DisableExecuteApiEndpoint"];
    let serde_yaml_ng::Value::Tagged(disabled) = disabled else {
        panic!("{disabled:?}")
    };
    assert_eq!(
        (&disabled.value[0], &disabled.value[1]),
        (&"HasApiDomain".into(), &true.into())
    );
}
