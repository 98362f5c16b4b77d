/** In which minor of Talos 1 each kind of document appeared. Up to 8 stands for "always, as far as we reach". */
export const KIND_SINCE: Readonly<Record<string, number>> = Object.fromEntries(
  (
    [
      [8, 'VolumeConfig EventSinkConfig KmsgLogConfig WatchdogTimerConfig TrustedRootsConfig ExtensionServiceConfig'],
      [
        8,
        'NetworkRuleConfig NetworkDefaultActionConfig KubeSpanEndpointsConfig KubespanEndpointsConfig SideroLinkConfig',
      ],
      [10, 'UserVolumeConfig EthernetConfig PCIDriverRebindConfig'],
      [11, 'RawVolumeConfig ExistingVolumeConfig SwapVolumeConfig ZswapConfig'],
      [12, 'HostnameConfig LinkConfig LinkAliasConfig VLANConfig BondConfig BridgeConfig DummyLinkConfig DHCPv4Config'],
      [
        12,
        'DHCPv6Config Layer2VIPConfig HCloudVIPConfig ResolverConfig StaticHostConfig TimeSyncConfig WireguardConfig',
      ],
      [12, 'RegistryMirrorConfig RegistryAuthConfig RegistryTLSConfig OOMConfig'],
      [13, 'EnvironmentConfig KubeSpanConfig VRFConfig RoutingRuleConfig BlackholeRouteConfig TCPProbeConfig'],
      [13, 'ExternalVolumeConfig ImageVerificationConfig'],
      [
        14,
        'UnattendedInstallConfig KubeClusterConfig KubeNodeConfig KubeletConfig KubeNetworkConfig KubeFlannelCNIConfig',
      ],
      [14, 'KubeAPIServerConfig KubeAPIServerCAConfig KubeAggregatorCAConfig KubeServiceAccountConfig'],
      [14, 'KubeEtcdEncryptionConfig KubeControllerManagerConfig KubeSchedulerConfig KubeProxyConfig KubePrismConfig'],
      [
        14,
        'KubeCoreDNSConfig DiscoveryIdentityConfig DiscoveryServiceConfig SysctlConfig SysfsConfig KernelModuleConfig',
      ],
      [14, 'UdevRulesConfig EtcFileConfig CRICustomizationConfig ImageCacheConfig SecurityProfileConfig'],
      [14, 'FilesystemTrimConfig RAIDArrayConfig BGPInstanceConfig VethConfig HTTPProbeConfig'],
    ] as const
  ).flatMap(([minor, names]) => names.split(' ').map((name) => [name, minor] as const)),
);

/** A document and its twin in the v1alpha1 document exclude each other. */
export const TWINS: readonly { readonly kind: string; readonly path: readonly string[] }[] = [
  { kind: 'HostnameConfig', path: ['machine', 'network', 'hostname'] },
  { kind: 'ResolverConfig', path: ['machine', 'network', 'nameservers'] },
  { kind: 'TimeSyncConfig', path: ['machine', 'time'] },
  { kind: 'UnattendedInstallConfig', path: ['machine', 'install'] },
  { kind: 'EnvironmentConfig', path: ['machine', 'env'] },
  { kind: 'SysctlConfig', path: ['machine', 'sysctls'] },
  { kind: 'SysfsConfig', path: ['machine', 'sysfs'] },
  { kind: 'KubeletConfig', path: ['machine', 'kubelet'] },
  { kind: 'KubeClusterConfig', path: ['cluster', 'controlPlane'] },
  { kind: 'KubeAPIServerConfig', path: ['cluster', 'apiServer'] },
  { kind: 'KubeSchedulerConfig', path: ['cluster', 'scheduler'] },
  { kind: 'KubeControllerManagerConfig', path: ['cluster', 'controllerManager'] },
  { kind: 'KubeProxyConfig', path: ['cluster', 'proxy'] },
  { kind: 'KubeAPIServerCAConfig', path: ['cluster', 'ca'] },
  { kind: 'KubeAggregatorCAConfig', path: ['cluster', 'aggregatorCA'] },
  { kind: 'KubeServiceAccountConfig', path: ['cluster', 'serviceAccount'] },
];

/** Kubernetes minors that each Talos minor accepts, as far as it is known. */
export const KUBERNETES_RANGE: Readonly<Record<number, readonly [oldest: number, newest: number]>> = {
  9: [27, 32],
  10: [28, 33],
  11: [29, 34],
  12: [30, 35],
  13: [31, 36],
  14: [32, 37],
};
